import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { LOCAL } from '../../../programs/paths.ts'

/** Beside the bundles of running tests. */
export const KEPT_IN = join(LOCAL, 'test-bundles', 'kept')

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'preload.ts')).href

/**
 * Variables with which `serverless` takes the bundles of an earlier test that were made of the same files, and builds only the others.
 * Building all functions takes as much processor time as all the rest of a start six times over.
 */
export function keptBundles(): Record<string, string> {
  return { NODE_OPTIONS: [process.env.NODE_OPTIONS, `--import=${PRELOAD}`].filter(Boolean).join(' ') }
}
