export { newlyRequired, type ProcessDefinition, type RequiredCommand } from './process.ts';
