/** `npm run mutants`: changes the code on purpose, and lists the changes that no test notices. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { wholeNumber } from '../../packages/runtime/settings/values.ts'
import { runMain } from '../../programs/main.ts'
import { readCommandLine } from '../../programs/options.ts'
import { UserError } from '../../programs/user-error.ts'
import { sourceFiles } from '../runner/source-files.ts'
import { PROJECT } from '../support/program.ts'
import { areasOf } from './areas.ts'
import { drawPassages, type Passage } from './sample.ts'
import { tryScripts } from './scripts.ts'
import { tryPassages } from './stryker.ts'
import { readSurvivors, summaryOf } from './survivors.ts'

const PATHS = ['lib', 'packages', 'packages/msk-trigger']

const USAGE = `Usage: npm run mutants -- [options] [PATH ...]

Changes one small thing in the code at a time (an operator, a condition, a block, a literal), runs the unit tests of that
part of the product that execute it, and lists the changes that no test notices. Fails if one of these is not listed in
test/mutants/survivors.json, with the reason why no test can notice it. Works on a copy of the project.

  PATH         files or folders with .ts or .lua files (${PATHS.join(', ')})
  --sample N   how many passages of eight lines are drawn (100)
  --seed S     seed of the sample (1)
  --jobs N     how many mutants are tried at once (2)
  --help       show this`

const OPTIONS = {
  sample: { type: 'string', default: '100' },
  seed: { type: 'string', default: '1' },
  jobs: { type: 'string', default: '2' },
  help: { type: 'boolean', default: false },
} as const

const POSITIVE = wholeNumber({ least: 1 })
const KINDS = { sample: POSITIVE, seed: POSITIVE, jobs: POSITIVE } as const

await runMain({ readOptions, usage: USAGE, run })

interface Options {
  readonly paths: readonly string[]
  readonly sample: number
  readonly seed: number
  readonly jobs: number
}

/** Returns undefined if the arguments ask for help. @throws Error that names every option that is wrong */
function readOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = readCommandLine('npm run mutants', args, OPTIONS, KINDS)
  const { help, ...numbers } = values
  return help ? undefined : { ...numbers, paths: positionals.length > 0 ? positionals : PATHS }
}

async function run({ paths, sample, seed, jobs }: Options, signal: AbortSignal): Promise<number> {
  const known = await readSurvivors(join(import.meta.dirname, 'survivors.json'))
  const sources = new Map<string, string>()
  for (const file of await filesAt(paths)) sources.set(file, await readFile(join(PROJECT, file), 'utf8'))
  const drawn = drawPassages(sources, sample, seed)
  const [scripts, code] = [drawn.filter(isScript), drawn.filter(passage => !isScript(passage))]
  const judged = []
  if (scripts.length > 0)
    judged.push(...(await tryScripts(sources, scripts, signal, text => console.log(text))))
  for (const { tests, passages } of await areasOf(code))
    judged.push(...(await tryPassages(passages, tests, jobs, signal)))
  if (judged.length === 0)
    throw new UserError('There is nothing to change in these passages. Draw more: --sample.')
  const { lines, isGood } = summaryOf(judged, known)
  console.log(`\n${lines.join('\n')}`)
  return Number(!isGood)
}

/** @throws UserError where a path holds no source: it would look as if nothing survived */
async function filesAt(paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>()
  for (const path of paths) {
    const name = path.replace(/\/+$/, '')
    const files = await sourceFiles(...(/\.(ts|lua)$/.test(name) ? [name] : [`${name}/**/*.{ts,lua}`]))
    const sources = files.filter(file => !/\.(test|d)\.ts$|\/test\//.test(file))
    if (sources.length === 0) throw new UserError(`${path}: there is no .ts or .lua file.`)
    for (const file of sources) found.add(file)
  }
  return [...found]
}

function isScript({ file }: Passage): boolean {
  return file.endsWith('.lua')
}
