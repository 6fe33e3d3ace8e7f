import type { Route } from '#contracts';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const rowOf = ({ method, path, summary, access }: Route): string =>
  `<tr><td><code>${method.toUpperCase()}</code></td><td><code>${escape(path)}</code></td><td>${escape(summary)}</td><td>${access}</td></tr>`;

/** What a browser shows at `/`: the routes at a glance, and where the document is. No script, no foreign resource. */
export const apiPage = (routes: readonly Route[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Evenkeel storefront</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:3rem auto;padding:0 1rem}td,th{text-align:left;padding:.25rem 1rem .25rem 0}</style>
<h1>Evenkeel storefront</h1>
<p>Orders, products and stock, in two regions that both take orders. The whole API: <a href="/v1/openapi.json">OpenAPI 3.1</a>.</p>
<table><thead><tr><th></th><th>path</th><th>does</th><th>for</th></tr></thead><tbody>${routes.map(rowOf).join('')}</tbody></table>
</html>
`;
