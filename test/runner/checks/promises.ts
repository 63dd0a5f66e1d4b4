import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'
import { listTitles } from './titles.ts'

const LIST = 'test/promises.yaml'

/** Pages that explain, compare or measure, and therefore contain no promises. */
const EXPLAIN = /\/(concepts|configuration|costs|design|from-an-empty-account|peers|performance|scaling)\.md$/

interface Promised {
  /** Promise as a sentence; absent if the page already contains it as a numbered rule or a table row. */
  readonly promise?: string
  /** Part of a test's title, by test file. */
  readonly tests: Readonly<Record<string, string>>
}

type Promises = Readonly<Record<string, Readonly<Record<string, Promised>>>>

/** Invalid list of promises. If the check reports no findings for it, the check does not work. */
const BROKEN: Promises = {
  'docs/guarantees.md': { 'no such heading': { tests: { [LIST]: 'no such title' } } },
}

/** Checks that each promise on the pages has a test, and that all rules and guarantees are listed. */
export const promises: Check = {
  name: 'promises',
  async run() {
    const listed = load(await readFile(join(PROJECT, LIST), 'utf8')) as Promises
    const pages = (await sourceFiles('docs/*.md', 'packages/msk-trigger/RULES.md')).filter(
      page => !EXPLAIN.test(page),
    )
    const found = [
      ...pages.filter(page => !(page in listed)).map(page => `${page}: has no promise in ${LIST}`),
      ...(await faults(listed)),
    ]
    if (found.length > 0) throw new Failed(found.join('\n'))
    if ((await faults(BROKEN)).length < 3) throw new Failed('the check finds nothing wrong in a list that is')
    const count = Object.values(listed).flatMap(Object.keys).length
    return `${count} promises of ${Object.keys(listed).length} pages`
  },
}

async function faults(listed: Promises): Promise<string[]> {
  const found = Object.entries(listed).map(async ([page, promises]) => {
    const text = existsSync(join(PROJECT, page)) ? await readFile(join(PROJECT, page), 'utf8') : ''
    const required = [...listRules(text), ...listGuarantees(text)]
    const places = new Set([...required, ...listHeadings(text)])
    const missing = required.filter(place => !(place in promises))
    const held = await Promise.all(
      Object.entries(promises).map(([place, one]) => unheld(`${page}#${place}`, one)),
    )
    return [
      ...missing.map(place => `${page}#${place}: is missing in ${LIST}`),
      ...Object.keys(promises)
        .filter(place => !places.has(place))
        .map(place => `${page}#${place}: the page has no such heading, rule or guarantee`),
      ...held.flat(),
    ]
  })
  return (await Promise.all(found)).flat()
}

/** Returns the reasons why the promise is not covered by a test. */
async function unheld(id: string, { tests }: Promised): Promise<string[]> {
  if (Object.keys(tests).length === 0) return [`${id}: names no test`]
  const found = Object.entries(tests).map(async ([file, words]) => {
    if (!/\.ts$/.test(file) || !existsSync(join(PROJECT, file)))
      return [`${id}: ${file} is not a file of tests`]
    const titles = await listTitles(file)
    return titles.some(({ title }) => title.includes(words))
      ? []
      : [`${id}: no title in ${file} has "${words}"`]
  })
  return (await Promise.all(found)).flat()
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
