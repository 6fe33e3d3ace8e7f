#!/usr/bin/env node
import '../../../dist/apps/operator/src/main.js';
