import { type Check, Failed, tool } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** Whether the schema of rule files is what the kinds of rules give, and the compiled validators what the schemas give. */
export const schemas: Check = {
  name: 'schemas',
  async run(signal) {
    await tool('./programs/rule-kinds.ts', ['--check'], signal)
    await tool('./schemas/compile.ts', ['--check'], signal)
    const own = await sourceFiles('schemas/json/*.json')
    if (own.length === 0) throw new Failed('there is no schema in schemas/json')
    return `${own.length} schemas, compiled as they are`
  },
}
