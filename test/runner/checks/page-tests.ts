import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** A file or folder of tests, as pages name it. Capitals stand for any file. */
const TEST = /^(?:test\/[\w./-]*|[a-z][\w./-]*\.test\.ts)$/

/** Checks that the tests that a page names exist. */
export const pageTests: Check = {
  name: 'tests that pages name',
  async run() {
    const files = await sourceFiles('**/*.*')
    const pages = files.filter(file => file.endsWith('.md'))
    const texts = await Promise.all(
      pages.map(async page => [page, await readFile(join(PROJECT, page), 'utf8')] as const),
    )
    return checkTests(Object.fromEntries(texts), files)
  },
}

/**
 * Returns how many tests are named: those in backticks, each by any end of its path. A block of code can contain a test of another project.
 *
 * @param pages texts of the pages by their paths
 * @throws Failed if a test does not exist, or if none is named
 */
export function checkTests(pages: Readonly<Record<string, string>>, files: readonly string[]): string {
  const paths = files.map(file => `/${file}/`)
  const named = Object.entries(pages).flatMap(([page, text]) =>
    [...text.replaceAll(/^ *```.*?^ *```/gms, '').matchAll(/`([^`]+)`/g)]
      .flatMap(([, code = '']) => code.split(/\s+/))
      .filter(word => TEST.test(word))
      .map(test => ({ page, test })),
  )
  const missing = named.filter(
    ({ test }) => !paths.some(path => path.includes(`/${test.replace(/\/$/, '')}/`)),
  )
  if (missing.length > 0)
    throw new Failed(missing.map(({ page, test }) => `${page}: ${test} does not exist`).join('\n'))
  if (named.length === 0) throw new Failed('no page names a test')
  return `${named.length} tests in ${Object.keys(pages).length} pages`
}
