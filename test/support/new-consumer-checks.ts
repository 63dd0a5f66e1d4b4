/** Runs the checks of `npm test` in a copy of the project with a new consumer. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runProgram } from '@sluice/test-kit/program'
import type { Check } from '../runner/check.ts'
import { findingsAmong, listExpressions } from '../runner/checks/expressions.ts'

/**
 * Checks that are omitted: a new consumer cannot affect their result, they install tools of their own, or they concern the code that
 * ships alone, since a consumer may name the family that it reads.
 */
const UNTOUCHED = ['templates', 'Dockerfiles', 'schemas']

/**
 * Checks the types of files and of their imports with the project's options.
 *
 * @returns the errors; empty if none exist
 */
export async function compileForErrors(project: string, files: readonly string[]): Promise<string> {
  const config = 'tsconfig.new-files.json'
  await writeFile(
    join(project, config),
    JSON.stringify({ extends: './tsconfig.json', include: [...files, 'lib/schemas/compiled-modules.d.ts'] }),
  )
  const options = ['--project', config, '--noEmit', '--listFiles', '--pretty', 'false']
  const { code, output, stdout } = await runProgram('tsc', options, { cwd: project })
  const read = stdout.split('\n')
  const missed = files.filter(file => !read.some(line => line.endsWith(`/${file}`)))
  return code === 0 && missed.length === 0 ? '' : `${output}\nnot read: ${missed.join(', ')}`
}

type Look = (project: string, files: readonly string[]) => Promise<string>

/**
 * Checks that need to examine only the new files and their imports. Nothing imports the new files, and they declare nothing for
 * other files, so checking the whole project would find nothing more.
 */
const OF_THE_FILES: Readonly<Record<string, Look>> = {
  'format and lint': async (project, files) => {
    const { code, output } = await runProgram('biome', ['check', '--error-on-warnings', ...files], {
      cwd: project,
    })
    return code === 0 && output.includes(`Checked ${files.length} files`) ? '' : output
  },

  types: compileForErrors,

  'import direction': async (project, files) => {
    const options = ['--config', 'test/runner/checks/import-rules.cjs', '--output-type', 'json']
    const { stdout, output } = await runProgram('depcruise', [...options, ...files], { cwd: project })
    const { modules = [], summary } = parsed(stdout)
    const missed = files.filter(file => !modules.some(({ source }) => source === file))
    if (!summary || missed.length > 0) return `not read: ${missed.join(', ')}\n${output}`
    const own = summary.violations.filter(({ from }) => files.includes(from))
    return own.length === 0 ? '' : JSON.stringify(own)
  },

  'regular expressions': async (project, files) => {
    const found = files.map(async file => listExpressions(file, await readFile(join(project, file), 'utf8')))
    return (await findingsAmong((await Promise.all(found)).flat(), [])).join('\n')
  },
}

interface Cruise {
  readonly modules?: readonly { readonly source: string }[]
  readonly summary?: { readonly violations: readonly { readonly from: string }[] }
}

/** Runs the checks. @returns the messages of failed checks */
export async function failedChecks(project: string, files: readonly string[]): Promise<string[]> {
  const checks = await readChecks(project)
  const looks = Object.entries(OF_THE_FILES)
  const known = checks.map(({ name }) => name)
  const unknown = [...UNTOUCHED, ...Object.keys(OF_THE_FILES)].filter(name => !known.includes(name))
  if (unknown.length > 0) throw new Error(`the project has no check ${unknown.join(', ')}`)
  const whole = checks.filter(({ name }) => !UNTOUCHED.includes(name) && !(name in OF_THE_FILES))
  const { signal } = new AbortController()
  const says = await Promise.all([
    ...looks.map(async ([name, look]) => [name, await look(project, files)] as const),
    ...whole.map(async check => {
      const why = await check.run(signal).then(
        () => '',
        (error: Error) => error.message,
      )
      return [check.name, why] as const
    }),
  ])
  return says.flatMap(([name, why]) => (why === '' ? [] : [`${name}: ${why}`]))
}

/** Returns the checks of `npm test` in the folder of a project. They check that project, not this one. */
async function readChecks(project: string): Promise<Check[]> {
  const folder = join(project, 'test', 'runner', 'checks')
  const files = (await readdir(folder)).filter(file => file.endsWith('.ts'))
  const modules = await Promise.all(files.map(file => import(pathToFileURL(join(folder, file)).href)))
  return modules.flatMap(module => Object.values<Partial<Check>>(module)).filter(isCheck)
}

function isCheck(exported: Partial<Check>): exported is Check {
  return typeof exported === 'object' && typeof exported.run === 'function'
}

function parsed(json: string): Cruise {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}
