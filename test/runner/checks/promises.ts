import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** Pages that explain, compare or measure, and therefore contain no promises. */
const EXPLAIN = /\/(concepts|configuration|costs|design|from-an-empty-account|peers|performance|scaling)\.md$/

/**
 * Comment above a test that holds a promise: the page, the heading, rule or row that makes it, and after a bar the promise itself where
 * the page does not say it in one sentence.
 */
const HELD =
  /^[ \t]*\/\/ Promise ([\w./-]+\.md)#([^|\n]+?)(?: \| .+)?\n(?=(?:[ \t]*\/\/.*\n)*((?:.*\n){0,24}))/gm
/** A test or a suite, or a loop over such. */
const TEST = /^\s*(?:for \([\s\S]*?)?\b(?:it|test|describe)\b/

/** Pages with the places on them whose promises are held, each with the files of its tests. */
type Promises = Map<string, Map<string, string[]>>

/** Checks that each promise on the pages stands above a test, and that all rules and guarantees are held. */
export const promises: Check = {
  name: 'promises',
  async run() {
    const files = await sourceFiles('{test,packages/*/test}/**/*.ts')
    const read = (file: string) => readFile(join(PROJECT, file), 'utf8')
    const tests = await Promise.all(files.map(async file => [file, await read(file)] as const))
    const pages = await sourceFiles('**/*.md')
    const texts = await Promise.all(pages.map(async page => [page, await read(page)] as const))
    const needed = (await sourceFiles('docs/*.md', 'packages/msk-trigger/RULES.md')).filter(
      page => !EXPLAIN.test(page),
    )
    return checkPromises(Object.fromEntries(tests), Object.fromEntries(texts), needed)
  },
}

/**
 * Returns how many promises there are.
 *
 * @param tests texts of the files of tests, by their paths
 * @param pages texts of all pages, by their paths
 * @param needed pages that make promises
 * @throws Failed if a promise has no test, or if a test holds a promise that no page makes
 */
export function checkPromises(
  tests: Readonly<Record<string, string>>,
  pages: Readonly<Record<string, string>>,
  needed: readonly string[],
): string {
  const held: Promises = new Map()
  const found: string[] = []
  for (const [file, text] of Object.entries(tests))
    for (const [, page = '', place = '', below = ''] of text.matchAll(HELD)) {
      const places = held.get(page) ?? new Map<string, string[]>()
      held.set(page, places.set(place, [...(places.get(place) ?? []), file]))
      if (!TEST.test(below)) found.push(`${file}: no test follows the promise ${page}#${place}`)
    }
  for (const [page, places] of held) {
    const text = pages[page] ?? ''
    const required = [...listRules(text), ...listGuarantees(text)]
    const made = new Set([...required, ...listHeadings(text)])
    const missing = required.filter(place => !places.has(place))
    found.push(...missing.map(place => `${page}#${place}: no test holds it`))
    for (const [place, files] of places)
      if (!made.has(place))
        found.push(`${page}#${place}: the page has no such heading, rule or guarantee, see ${files[0]}`)
  }
  found.push(...needed.filter(page => !held.has(page)).map(page => `${page}: no test holds a promise of it`))
  if (found.length > 0) throw new Failed(found.join('\n'))
  const count = [...held.values()].reduce((sum, places) => sum + places.size, 0)
  if (count === 0) throw new Failed('no test holds a promise')
  return `${count} promises of ${held.size} pages`
}

/** Returns the rules of a numbered list or table, except those marked as not applicable. */
function listRules(page: string): string[] {
  const rows = [...page.matchAll(/^\| (\d+) \|.*\| ([^|]+) \|$/gm)]
    .filter(([, , here = '']) => !/^(differs|does not concern)/.test(here))
    .map(([, number]) => number)
  const [, fine = ''] = /^## The fine print$(.*?)^## /ms.exec(page) ?? []
  const items = [...fine.matchAll(/^(\d+)\. /gm)].map(([, number]) => number)
  return [...rows, ...items].map(number => `rule ${number}`)
}

/** Returns the first cells of tables whose first column is titled "promise". */
function listGuarantees(page: string): string[] {
  const tables = [...page.matchAll(/^\| promise \|.*\n\|[-|]+\n((?:\|.*\n)+)/gm)].map(([, rows = '']) => rows)
  return tables.flatMap(rows => [...rows.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell))
}

/** Returns the headings of a page in the form of link anchors. */
function listHeadings(page: string): string[] {
  const text = page.replaceAll(/^```.*?^```/gms, '')
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}
