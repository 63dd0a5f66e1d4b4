/** `npm run mutants`: changes the code on purpose, and lists what no test notices. */
import { join } from 'node:path'
import { runMain } from '../../programs/main.ts'
import { UserError } from '../../programs/user-error.ts'
import { sourceFiles } from '../runner/source-files.ts'
import { PROJECT } from '../support/program.ts'
import { startValkey, type Valkey } from '../support/valkey.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { runMutants, type Tests } from './run.ts'
import { readSurvivors } from './survivors.ts'
import { scriptTests, unitTests } from './test-files.ts'
import { verdictOf } from './verdict.ts'

/** Fewer schedules than `npm test` plays: a mutant that none of them shows costs all of them. */
const SEEDS = '120'

await runMain({ readOptions, usage: USAGE, run })

async function run(options: Options, signal: AbortSignal): Promise<number> {
  const known = await readSurvivors(join(import.meta.dirname, 'survivors.json'))
  const files = await filesAt(options.paths)
  const valkey = files.some(needsValkey) ? await startValkey() : undefined
  try {
    const judged = await runMutants({
      ...options,
      project: PROJECT,
      files,
      testsOf: await testsOf(),
      compiles: lua => compiles(valkey, lua),
      signal,
      report: text => console.log(text),
    })
    if (signal.aborted) console.log('Stopped before the end: only what had ended is counted.')
    if (judged.length === 0) return signal.aborted ? 130 : 1
    const { isGood, lines } = verdictOf(judged, known)
    console.log(`\n${lines.join('\n')}`)
    return signal.aborted ? 130 : Number(!isGood)
  } finally {
    await valkey?.stop()
  }
}

/** @throws UserError where a path holds no source: it would look as if nothing survived */
async function filesAt(paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>()
  for (const path of paths) {
    const name = path.replace(/\/+$/, '')
    const files = await sourceFiles(...(/\.(ts|lua)$/.test(name) ? [name] : [`${name}/**/*.{ts,lua}`]))
    const sources = files.filter(file => !/\.(test|d)\.ts$/.test(file))
    if (sources.length === 0) throw new UserError(`${path}: there is no .ts or .lua file.`)
    for (const file of sources) found.add(file)
  }
  return [...found]
}

function needsValkey(file: string): boolean {
  return file.startsWith('lib/runtime/adapters/redis/')
}

/** By the part of the project that a file belongs to; what of these a mutant needs, coverage tells. */
async function testsOf(): Promise<(file: string) => Tests> {
  const inMemory: Tests = { files: await unitTests(), within: work => work({ SEEDS }) }
  const onValkey: Tests = { files: await scriptTests(), within: withValkey }
  return file => (needsValkey(file) ? onValkey : inMemory)
}

async function withValkey<T>(work: (env: Readonly<Record<string, string>>) => Promise<T>): Promise<T> {
  const valkey = await startValkey()
  try {
    return await work({ REDIS_URL: valkey.url })
  } finally {
    // One that runs a script without end hears of nothing else.
    await valkey.kill()
    await valkey.stop()
  }
}

/** By the server itself, so that nothing is taken for a script that it would refuse. */
async function compiles(valkey: Valkey | undefined, lua: string): Promise<boolean> {
  return (await valkey?.admin.script('LOAD', lua).catch(() => undefined)) !== undefined
}
