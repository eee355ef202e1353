#!/usr/bin/env node
// Builds where that is needed (a fresh clone, a changed source), then runs the command line.
import { isBuilt, setup } from '../scripts/setup.mjs';

if (!isBuilt()) setup();
await import('../dist/cli/main.js');
