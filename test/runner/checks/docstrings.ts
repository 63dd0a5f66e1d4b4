import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** A docstring, with the text that follows it up to the next docstring, of which the declaration is the beginning. */
const DOCUMENTED = /^[ \t]*\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*\n((?:(?!^[ \t]*\/\*\*)[^\n]*\n){1,20})/gm
const PARAM = /@param (\w+)/g
/** Classes that `@throws` lists at its beginning: `A`, `A or B`, `A, B or C`. Another beginning is a sentence. */
const THROWS = /@throws\s+((?:[A-Z]\w+(?:, | or )?)+)/g
/** Classes of this project, and those of libraries, which are imported. */
const CLASS = /\b(?:class|interface|type|,|\{)\s+([A-Z]\w+)/g
/** Classes of JavaScript and Node. */
const KNOWN = ['Error', 'TypeError', 'RangeError', 'SyntaxError', 'DOMException', 'AssertionError']

/** Entries of the packages that are published. Each of their exports has a docstring. */
const ENTRIES = [
  ...['index', 'lambda/index', 'producer/index', 'sdk/index', 'testing/index'].map(
    entry => `packages/runtime/${entry}.ts`,
  ),
  ...['local-servers', 'msk-trigger'].map(name => `packages/${name}/index.ts`),
]
const REEXPORT = /^export (?:type )?(?:\{([^}]*)\}|\*) from '(\.[^']+)'/gm

type Texts = Readonly<Record<string, string>>

/** Checks that docstrings describe existing parameters and classes of errors, and that each export of a package has one. */
export const docstrings: Check = {
  name: 'docstrings',
  async run() {
    const files = await sourceFiles(
      '{cli,console,control,functions,infra,lib,localstack,packages,scripts}/**/*.{ts,tsx,mjs}',
    )
    const texts = await Promise.all(
      files.map(async file => [file, await readFile(join(PROJECT, file), 'utf8')] as const),
    )
    return checkDocstrings(Object.fromEntries(texts), ENTRIES)
  },
}

/**
 * Returns how many parameters, errors and exports there are.
 *
 * @param texts texts of all files by their paths
 * @param entries files whose exports need a docstring
 * @throws Failed if a docstring describes a missing parameter or class, if an export has none, or if nothing was looked at
 */
export function checkDocstrings(texts: Texts, entries: readonly string[]): string {
  const classes = new Set([
    ...KNOWN,
    ...Object.values(texts).flatMap(text => [...text.matchAll(CLASS)].map(([, name]) => name)),
  ])
  const seen = { params: 0, errors: 0, exports: 0 }
  const faults: string[] = []
  for (const [file, text] of Object.entries(texts))
    for (const { 1: comment = '', 2: below = '', index } of text.matchAll(DOCUMENTED)) {
      const line = text.slice(0, index).split('\n').length
      for (const [, name = ''] of comment.matchAll(PARAM)) {
        seen.params += 1
        if (!new RegExp(`\\b${name}\\b`).test(below))
          faults.push(`${file}:${line}: @param ${name} is no parameter`)
      }
      for (const [, list = ''] of comment.matchAll(THROWS))
        for (const name of list.split(/, | or /).filter(Boolean)) {
          seen.errors += 1
          if (!classes.has(name)) faults.push(`${file}:${line}: @throws ${name} is no class`)
        }
    }
  for (const entry of entries)
    for (const { file, name } of listExports(texts, entry)) {
      seen.exports += 1
      if (!isDocumented(texts[file] ?? '', name))
        faults.push(`${file}: ${name} is exported without a docstring`)
    }
  if (faults.length > 0) throw new Failed([...new Set(faults)].join('\n'))
  if (Object.values(seen).includes(0)) throw new Failed(`nothing to look at: ${JSON.stringify(seen)}`)
  return `${seen.params} parameters, ${seen.errors} errors, ${seen.exports} exports`
}

/** Returns the exports of a file, each with the file that declares it. */
function listExports(texts: Texts, file: string): { readonly file: string; readonly name: string }[] {
  const text = texts[file] ?? ''
  const own = [
    ...text.matchAll(
      /^export (?:async |abstract |declare )*(?:class|const|enum|function\*?|interface|type) (\w+)/gm,
    ),
  ]
  const passed = [...text.matchAll(REEXPORT)].flatMap(([, names, from = '']) => {
    const all = listExports(texts, join(file, '..', from))
    if (names === undefined) return all
    const wanted = names.split(',').map(
      name =>
        name
          .trim()
          .replace(/^type /, '')
          .split(' as ')[0],
    )
    return all.filter(({ name }) => wanted.includes(name))
  })
  return [...own.map(([, name = '']) => ({ file, name })), ...passed]
}

function isDocumented(text: string, name: string): boolean {
  return new RegExp(`\\*/\\s*\\n(?://[^\\n]*\\n)*export [\\w* ]*\\b${name}\\b`).test(text)
}
