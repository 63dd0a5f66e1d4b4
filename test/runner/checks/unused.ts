import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '../../../scripts/paths.ts'
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
    const count = Number(/knip read (\d+) files/.exec(stdout)?.[1] ?? 0)
    const own = await sourceFiles('**/*.{ts,tsx,mts,mjs,cjs}')
    if (own.length === 0 || count < own.length)
      throw new Failed(`knip read ${count} files, but there are ${own.length} with code`)
    const problems = await findToolProblems()
    if (problems.length > 0) throw new Failed(problems.join('\n'))
    return `${count} files`
  },
}

/**
 * Compares the packages of the tests with the code, since knip does not read their manifest. Each must be imported, configured or run,
 * and those that knip ignores must be among them. Where npm installs a package in both folders, tests would see the other one.
 */
async function findToolProblems(): Promise<string[]> {
  const [lock, { packages: ofTests }, { workspaces }] = await Promise.all(
    ['package-lock.json', 'test/tools/package-lock.json', 'knip.json'].map(readJson),
  )
  const tools = Object.keys(ofTests[''].dependencies)
  const files = await sourceFiles('{bench,infra,packages,scripts,test}/**/*.{ts,mjs,cjs}', '*.{json,mjs}')
  const code = (await Promise.all(files.map(readText))).join('\n')
  const isNamed = (tool: string) =>
    [tool, ...Object.keys(ofTests[`node_modules/${tool}`].bin ?? {})].some(name =>
      new RegExp(`['"/]${name}['"/ ]`).test(code),
    )
  const ignored: string[] = workspaces['.'].ignoreDependencies
  const own = Object.keys(lock.packages[''].dependencies)
  const isOther = (path: string) => path in ofTests && ofTests[path].version !== lock.packages[path].version
  return [
    ...tools.filter(tool => !isNamed(tool)).map(tool => `${tool} in test/tools/package.json is not used`),
    ...ignored
      .filter(name => ![...tools, ...own].includes(name))
      .map(name => `${name} is not in test/tools/package.json`),
    ...own
      .filter(name => isOther(`node_modules/${name}`))
      .map(name => `${name} has another version in test/tools/package-lock.json`),
  ]
}

const readText = (file: string) => readFile(join(PROJECT, file), 'utf8')
const readJson = async (file: string) => JSON.parse(await readText(file))
