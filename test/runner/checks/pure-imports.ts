import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { PROJECT } from '@sluice/test-kit/program'
import { build, type Metafile } from 'esbuild'
import { type Check, Failed } from '../check.ts'
import { splitComments } from '../comments.ts'
import { CODE_FOLDERS, sourceFiles } from '../source-files.ts'

/** Scheduled work, which gets connections. The rules bind only its own imports. */
const SCHEDULED = /^lib\/(clock|redriver)\//

/** The first comment of a file says that the whole file is pure. */
const PURE_HEAD = /^\/\*\*(?:(?!\*\/)[\s\S])*\bPure\b(?:(?!\*\/)[\s\S])*\*\/\s*\n(?=import\b|\n|export \*)/

/** Modules of Node with which code reaches outside. */
const OUTSIDE =
  /^(node:)?(fs|process|net|tls|https?|http2|dgram|dns|child_process|worker_threads|cluster|readline|repl|inspector|sqlite)(\/|$)/

/** Parts of packages that reach outside, but only in functions that our code does not call: they read files, or send an event. */
const EXCUSED =
  /(^|\/)node_modules\/(hyparquet(-writer)?\/src\/node|cloudevents\/dist\/transport\/http\/index)\.js$/

/** Words of code that read the clock, a random value or the environment. */
const AMBIENT = /\b(Date\.now\(|new Date\(\)|performance\.now\(|Math\.random\(|process\.env\b)/

type Inputs = Metafile['inputs']

/** Part of `import-rules.cjs` that this check uses. */
interface Rules {
  readonly forbidden: readonly {
    readonly name: string
    readonly from: { readonly path: string; readonly pathNot?: string }
  }[]
}

/**
 * Follows the imports of pure files to their end, through packages too, and checks that none reaches outside. Types do not count,
 * because they do not exist when the code runs. Imports on demand do.
 */
export const pureImports: Check = {
  name: 'pure files, to the end of their imports',
  async run() {
    const files = (await sourceFiles(`{${CODE_FOLDERS.join(',')}}/**/*.{ts,js}`)).filter(
      file => !file.includes('/test/'),
    )
    const pure = await selectPure(files)
    const inputs = await readImports(PROJECT, pure)
    const faults = findImpure(inputs, pure)
    const ambient = await findAmbient(pure)
    if (faults.length + ambient.length > 0) throw new Failed([...faults, ...ambient].join('\n'))
    const missed = pure.filter(file => !inputs[file])
    const excused = Object.keys(inputs).filter(path => EXCUSED.test(path))
    if (pure.length < 100 || missed.length > 0 || excused.length !== 3)
      throw new Failed(
        `of ${pure.length} pure files, ${missed.length} were not read; ${excused.length} of 3 excused files are there`,
      )
    return `${pure.length} pure files, ${Object.keys(inputs).length} that they import`
  },
}

/** Returns the files that an import rule or their own head says to be pure. */
async function selectPure(files: readonly string[]): Promise<string[]> {
  const { forbidden }: Rules = createRequire(import.meta.url)('./import-rules.cjs')
  const ruled = forbidden
    .filter(({ name }) => name === 'pure-features' || name === 'pure-steps')
    .map(({ from }) => [new RegExp(from.path), new RegExp(from.pathNot ?? '^$')] as const)
  const isPure = await Promise.all(
    files.map(
      async file =>
        (ruled.some(([path, pathNot]) => path.test(file) && !pathNot.test(file)) && !SCHEDULED.test(file)) ||
        PURE_HEAD.test(await readFile(`${PROJECT}/${file}`, 'utf8')),
    ),
  )
  return files.filter((_, index) => isPure[index])
}

/** Reads the imports of files, and of all that they import. @param folder folder of the files */
export async function readImports(folder: string, files: readonly string[]): Promise<Inputs> {
  const { metafile } = await build({
    absWorkingDir: folder,
    stdin: { contents: files.map(file => `import './${file}'`).join('\n'), resolveDir: folder },
    ...{ bundle: true, write: false, metafile: true, platform: 'node', format: 'esm', logLevel: 'silent' },
    external: ['*.node', '@duckdb/*'],
  })
  return metafile.inputs
}

/** Returns a line for each file that reaches outside, with the shortest chain of imports to it. Pure. */
export function findImpure(inputs: Inputs, files: readonly string[]): string[] {
  return files.flatMap(file => {
    const chain = findChain(inputs, file)
    return chain ? [`${file} is pure, but reaches ${chain.at(-1)}: ${chain.join(' → ')}`] : []
  })
}

/** Returns the shortest chain of imports from a file to a module that reaches outside; undefined if there is none. */
function findChain(inputs: Inputs, start: string): string[] | undefined {
  const before = new Map<string, string | undefined>([[start, undefined]])
  for (const file of before.keys()) {
    for (const { path, external } of inputs[file]?.imports ?? []) {
      if (external && OUTSIDE.test(path) && !EXCUSED.test(file)) return [...chainTo(before, file), path]
      if (!external && !before.has(path)) before.set(path, file)
    }
  }
  return undefined
}

function chainTo(before: ReadonlyMap<string, string | undefined>, file: string): string[] {
  const earlier = before.get(file)
  return earlier === undefined ? [file] : [...chainTo(before, earlier), file]
}

/** Returns a line for each pure file that reads the clock or chance. */
async function findAmbient(files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    files.map(async file => {
      const { code } = splitComments(file, await readFile(`${PROJECT}/${file}`, 'utf8'))
      const [word] = AMBIENT.exec(code) ?? []
      return word === undefined ? [] : [`${file} is pure, but has ${word}: time and chance are arguments`]
    }),
  )
  return found.flat()
}
