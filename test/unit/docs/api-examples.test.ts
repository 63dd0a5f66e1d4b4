import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { PROJECT } from '@sluice/test-kit/program'

/** Private packages. test/long/runtime-package.test.ts runs those of the published one, as its users do. */
const PRIVATE = ['kafka-records', 'schema-registry']

describe('the examples of the API', () => {
  for (const name of PRIVATE)
    it(`given that of ${name}, then it runs, and its results are right`, async () => {
      await import(pathToFileURL(join(PROJECT, 'examples', 'api', `${name}.ts`)).href)
    })
})
