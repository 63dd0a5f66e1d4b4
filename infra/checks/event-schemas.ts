import { readFile } from 'node:fs/promises'
import { COMPILED, compiledModule, SchemaError } from '../../scripts/generate/compile-schemas.ts'
import { SOURCES } from '../../scripts/generate/json-schemas.ts'

/** Returns an error if the compiled schemas cannot be loaded or are out of date with `events/schemas/json/`. */
export async function findSchemaProblems(sources = SOURCES, compiled = COMPILED): Promise<string[]> {
  try {
    const [expected, present] = await Promise.all([
      compiledModule(sources),
      readFile(compiled, 'utf8').catch(() => undefined),
    ])
    if (present === expected) return []
    return [
      'lib/schemas/compiled.js does not match events/schemas/json/. Run `npm run schemas` and commit the result.',
    ]
  } catch (error) {
    if (error instanceof SchemaError) return [error.message]
    throw error
  }
}
