import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { type Comment, splitComments } from '../comments.ts'
import { sourceFiles } from '../source-files.ts'

const ENDINGS = 'ts,tsx,mts,cts,mjs,cjs,js,lua,css,sql,peggy,proto,avsc,json,yaml,yml,sh,py,md'
const FOREIGN = /(^|\/)package-lock\.json$/
const TEST = /^(?:test|bench|examples)\/|(?:^|\/)test\/|\.test\./

/** An identifier, a path of members, a call or an option: `wait`, `data.unit`, `#state`, `close()`, `--json`, `dead-letters`. */
const NAME = /^(?:--|[#@$])?[A-Za-z_][\w-]*(?<=\w)(?:[.#][A-Za-z_][\w-]*(?<=\w))*(?:\(\))?$/
/** A file, with all of its path or the end of it. */
const FILE = new RegExp(`^[\\w.@/-]+\\.(?:${ENDINGS.replaceAll(',', '|')})$`)
/** A path that begins with a folder of the project. */
const PATH =
  /^(?:bench|cli|config|console|control|docs|events|examples|functions|infra|lib|localstack|packages|scripts|test)\/[\w./-]*$/

const TEXT = /'(?:[^'\\\n]|\\.)*'/g

/** Names that comments need and no code of ours has, by the reason. */
const EXCUSED: Readonly<Record<string, string>> = {
  "examples of users' names": 'DEVICE_ID SHOP_ENV Shop bed mine.yaml local.sql pump-10 soil_moisture stock',
  'examples of names that are put together':
    'functions/clock/handler.handler HistoryDeadLetters location_site place_bed',
  'of Lambda and its runtimes': 'KeyError handler.mjs',
  'of Kafka and its clients':
    'KStreamSessionWindowAggregate KStreamWindowAggregate LegacyPartitioner logicalCluster varlong',
  'of other software': 'EntityPath Referer execSync no-referrer sqs-query volatile-lru',
}

interface Named {
  readonly file: string
  readonly line: number
  readonly name: string
}

/**
 * Checks that a name in backticks in a comment occurs in code: for a comment of the product, in code of the product. A file or folder
 * has to exist.
 */
export const commentNames: Check = {
  name: 'names in comments',
  async run() {
    const files = (await sourceFiles(`**/*.{${ENDINGS}}`)).filter(file => !FOREIGN.test(file))
    const texts = await Promise.all(
      files.map(async file => [file, await readFile(join(PROJECT, file), 'utf8')] as const),
    )
    return checkNames(Object.fromEntries(texts), EXCUSED)
  },
}

/**
 * Returns how many names there are in comments.
 *
 * @param texts texts of all files by their paths; pages have neither code nor comments, but can be named
 * @throws Failed if a name does not occur in code, if an excused one is not needed, or if nothing is named
 */
export function checkNames(
  texts: Readonly<Record<string, string>>,
  excused: Readonly<Record<string, string>>,
): string {
  const split = Object.entries(texts)
    .filter(([file]) => !file.endsWith('.md'))
    .map(([file, text]) => ({ file, ...splitComments(file, text) }))
  const product = collectWords(split.filter(({ file }) => !TEST.test(file)))
  const all = collectWords(split)
  const paths = new Set(Object.keys(texts).flatMap(listPathEnds))
  const excuses = new Map(Object.values(excused).flatMap(words => words.split(' ').map(word => [word, 0])))
  const named = split.flatMap(({ file, comments }) => comments.flatMap(comment => findNames(file, comment)))
  const dangling = named.filter(({ file, name }) => {
    const words = TEST.test(file) ? all : product
    const missing = isPath(name)
      ? [name].filter(path => !paths.has(path.replace(/\/$/, '')))
      : listParts(name).filter(
          part => !words.has(part) && !(part.includes('-') && words.has(part.toLowerCase())),
        )
    for (const part of missing) if (excuses.has(part)) excuses.set(part, 1)
    return missing.some(part => !excuses.has(part))
  })
  const lines = [
    ...dangling.map(({ file, line, name }) => `${file}:${line}: \`${name}\` does not occur in code`),
    ...[...excuses].flatMap(([word, uses]) =>
      uses === 0 ? `${word} is excused, but does not have to be` : [],
    ),
  ]
  if (lines.length > 0)
    throw new Failed(`${lines.join('\n')}\nCorrect the comment, or excuse the name in comment-names.ts.`)
  if (named.length === 0) throw new Failed('no comment has a name in backticks')
  return `${named.length} names`
}

/** Returns the words of code, except those of texts with spaces. Words with hyphens count also in their parts. */
function collectWords(files: readonly { readonly code: string }[]): Set<string> {
  const words = files.flatMap(({ code }) =>
    code.replaceAll(TEXT, text => (text.includes(' ') ? ' ' : text)).match(/[A-Za-z_$][\w$-]*/g),
  )
  return new Set(words.flatMap(word => (word?.includes('-') ? [word, ...word.split('-')] : (word ?? []))))
}

/** Returns the names in backticks of a comment, each in the line where it begins. */
function findNames(file: string, { line, text }: Comment): Named[] {
  return [...text.matchAll(/`([^`]+)`/g)].flatMap(({ 1: name = '', index }) =>
    NAME.test(name) || isPath(name)
      ? [{ file, line: line + text.slice(0, index).split('\n').length - 1, name }]
      : [],
  )
}

function isPath(name: string): boolean {
  return FILE.test(name) || PATH.test(name)
}

/** Returns the words of a name, each of which has to occur. */
function listParts(name: string): string[] {
  return name
    .replaceAll(/^--|\(\)$/g, '')
    .split(/[.#@]/)
    .filter(Boolean)
}

/** Returns the ways to name a file or one of its folders: by the whole path, or without its first folders. */
function listPathEnds(path: string): string[] {
  const parts = path.split('/')
  return parts.flatMap((_, from) =>
    parts.slice(from).map((_, more) => parts.slice(from, from + more + 1).join('/')),
  )
}
