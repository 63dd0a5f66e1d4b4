/**
 * Builds the functions and the console's page once, for an image: `node localstack/reload/image-bundles.ts FOLDER`. `serverless offline`
 * and `sluice console` use them if SLUICE_BUNDLES names the folder.
 */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { BUILT_PAGE } from '../../console/page-files.ts'
import { runBuilds } from '../../infra/packaging/bundle-builder.ts'
import { bundlePage } from '../../infra/packaging/console-page.ts'
import { buildFunctions } from './built-functions.ts'

const [given] = process.argv.slice(2)
if (given === undefined) throw new Error('Usage: node localstack/reload/image-bundles.ts FOLDER')
await buildFunctions(resolve(given))
await writeFile(join(given, BUILT_PAGE), JSON.stringify(await runBuilds(bundlePage)))
