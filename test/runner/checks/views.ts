import { type Check, Failed, tool } from '../check.ts'

/** Checks that the packaged plan of the tables is the one that the statements in `config/views/` mean. */
export const views: Check = {
  name: 'plan of the tables',
  async run(signal) {
    const { output } = await tool('./scripts/generate/view-plan.ts', ['--check'], signal)
    if (!/^[1-9]\d* tables$/m.test(output)) throw new Failed('config/views has no table')
    return output.trim()
  },
}
