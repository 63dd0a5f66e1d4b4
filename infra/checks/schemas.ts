import { readFile } from 'node:fs/promises'
import { COMPILED, compiledModule, SchemaError } from '../../schemas/compile.ts'
import { SOURCES } from '../../schemas/sources.ts'

/** Returns an error if the compiled schemas cannot be loaded or are out of date with `schemas/json/`. */
export async function schemaProblems(sources = SOURCES, compiled = COMPILED): Promise<string[]> {
  try {
    const [expected, present] = await Promise.all([
      compiledModule(sources),
      readFile(compiled, 'utf8').catch(() => undefined),
    ])
    if (present === expected) return []
    return ['schemas/compiled.js does not match schemas/json/. Run `npm run schemas` and commit the result.']
  } catch (error) {
    if (error instanceof SchemaError) return [error.message]
    throw error
  }
}
