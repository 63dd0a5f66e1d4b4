#!/usr/bin/env node
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// `npx sluice`: as `npm run -s sluice --`, from any folder inside the project. It runs on the machine's own Node and hands over
// to the project's, after the packages are there.

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
process.argv.splice(2, 0, join(PROJECT, 'cli', 'sluice.ts'))
await import('../programs/bootstrap.mjs')
