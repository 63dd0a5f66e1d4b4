/**
 * Builds the functions once, for an image: `node localstack/reload/image-bundles.ts FOLDER`. `serverless offline` uses the bundles if
 * SLUICE_BUNDLES names the folder.
 */
import { resolve } from 'node:path'
import process from 'node:process'
import { buildFunctions } from './built-functions.ts'

const [given] = process.argv.slice(2)
if (given === undefined) throw new Error('Usage: node localstack/reload/image-bundles.ts FOLDER')
await buildFunctions(resolve(given))
