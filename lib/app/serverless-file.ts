import { existsSync } from 'node:fs'

/**
 * Possible locations of serverless.yml. In a container image, it is one folder above the bundle; in the project, it is three folders
 * above this file.
 */
const PLACES = ['../../serverless.yml', '../serverless.yml'].map(place => new URL(place, import.meta.url))

/** Returns the location of this project's serverless.yml. */
export function serverlessFile(): URL | string {
  return PLACES.find(place => existsSync(place)) ?? 'serverless.yml'
}
