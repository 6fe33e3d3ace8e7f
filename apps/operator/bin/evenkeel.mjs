#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// What one call has compiled, the next one reads.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/evenkeel-compiled', import.meta.url)));
await import('../../../dist/apps/operator/src/main.js');
