import { type Check, Failed, tool } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** Checks format and lint rules with biome. */
export const format: Check = {
  name: 'format and lint',
  async run(signal) {
    const { output } = await tool('biome', ['check', '--colors=off', '--error-on-warnings'], signal)
    const checked = Number(/Checked (\d+) files?/.exec(output)?.[1] ?? 0)
    const own = await sourceFiles('**/*.{ts,mts,mjs,cjs}')
    if (checked < own.length || own.length === 0)
      throw new Failed(`biome looked at ${checked} files, but there are ${own.length} with code`)
    return `${checked} files`
  },
}
