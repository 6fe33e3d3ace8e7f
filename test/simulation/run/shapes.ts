/** Topologies: two regions at home, one at home and one passive, three at home. */
export const shapes = ['two', 'passive', 'three'] as const;
export type ShapeName = (typeof shapes)[number];
