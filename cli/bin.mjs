#!/usr/bin/env node
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// `npx sluice`: equivalent to `npm run -s sluice --`, from any folder within the project. It starts with the Node version of the
// machine, and switches to the project's version if the packages are installed.

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
process.argv.splice(2, 0, join(PROJECT, 'cli', 'sluice.ts'))
await import('../scripts/bootstrap.mjs')
