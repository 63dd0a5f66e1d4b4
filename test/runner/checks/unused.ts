import { type Check, Failed, tool } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** Finds unused files, exports and dependencies with knip. */
export const unused: Check = {
  name: 'unused code',
  async run(signal) {
    const reporters = ['--reporter', 'symbols', '--reporter', './test/runner/checks/unused-counter.ts']
    const { stdout } = await tool(
      'knip',
      ['--no-progress', '--treat-config-hints-as-errors', ...reporters],
      signal,
    )
    const read = Number(/knip read (\d+) files/.exec(stdout)?.[1] ?? 0)
    const own = await sourceFiles('**/*.{ts,tsx,mts,mjs,cjs}')
    if (own.length === 0 || read < own.length)
      throw new Failed(`knip read ${read} files, but there are ${own.length} with code`)
    return `${read} files`
  },
}
