import { type Check, Failed, tool } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** Checks that the schema of rule files matches the kinds of rules, and that the compiled validators match the schemas. */
export const schemas: Check = {
  name: 'schemas',
  async run(signal) {
    await tool('./scripts/generate/rule-kinds.ts', ['--check'], signal)
    await tool('./scripts/generate/compile-schemas.ts', ['--check'], signal)
    const own = await sourceFiles('events/schemas/json/*.json')
    if (own.length === 0) throw new Failed('events/schemas/json contains no schemas')
    return `${own.length} schemas, compiled as they are`
  },
}
