import { join } from 'node:path'
import { LOCAL, PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed, tool } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/**
 * Projects that install the packages of this project. test/long/runtime-package.test.ts checks their types with their own options.
 */
const FOREIGN_PROJECTS = 'examples/'

/** TypeScript projects: the code for Node.js, and the code for the browser. */
const PROJECTS = ['.', 'console/page']

/** Checks types with the TypeScript compiler. */
export const types: Check = {
  name: 'types',
  async run(signal) {
    const read = new Set<string>()
    for (const project of PROJECTS) {
      // Keep results: after a change, only the changed files and those that depend on them are checked again.
      const results = join(LOCAL, 'types', project, 'results.tsbuildinfo')
      const incremental = ['--incremental', '--tsBuildInfoFile', results]
      const options = ['--project', project, '--noEmit', ...incremental, '--listFiles', '--pretty', 'false']
      const { stdout } = await tool('tsc', options, signal)
      for (const file of stdout.split('\n')) read.add(file)
    }
    const own = (await sourceFiles('**/*.{ts,tsx}')).filter(file => !file.startsWith(FOREIGN_PROJECTS))
    const missed = own.filter(file => !read.has(join(PROJECT, file)))
    if (own.length === 0 || missed.length > 0)
      throw new Failed(`tsc did not look at ${missed.length} of ${own.length} files: ${missed.join(', ')}`)
    return `${own.length} files`
  },
}
