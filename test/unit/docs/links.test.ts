import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'

const ROOT = join(import.meta.dirname, '../../..')
const PAGES = globSync('**/*.md', { cwd: ROOT, exclude: ['**/node_modules', '**/.*'] })

const readText = (page: string) => readFileSync(join(ROOT, page), 'utf8').replaceAll(/^```.*?^```/gms, '')
const listHeadings = (page: string) =>
  [...readText(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
const listLinks = (page: string) =>
  [...readText(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)

/** Returns GitHub's anchor of a heading. */
function getAnchor(heading: string): string {
  const plain = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
  return plain.replaceAll(' ', '-')
}

/** Undefined where the link leads somewhere; links to other sites are not followed. */
function deadEnd(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(ROOT, target))) return `${page}: ${link} is not a file`
  if (anchor === undefined || !target.endsWith('.md')) return undefined
  return listHeadings(target).map(getAnchor).includes(anchor)
    ? undefined
    : `${page}: ${link} is not a heading`
}

describe('the pages', () => {
  it('given their links, then each leads to a file, and to a heading where it names one', () => {
    const dead = PAGES.flatMap(page => listLinks(page).flatMap(link => deadEnd(page, link) ?? []))
    assert.deepEqual(dead, [])
    assert.ok(PAGES.flatMap(listLinks).length > 100, 'too few links were looked at')
  })

  it('given the bare names of code files in the README of a folder, then each lies in that folder', () => {
    const named = PAGES.filter(page => page.endsWith('/README.md')).flatMap(page =>
      [...readText(page).matchAll(/`([\w.-]+\.(?:tsx?|mjs|cjs|lua))`/g)].map(([, name = '']) =>
        join(dirname(page), name),
      ),
    )
    assert.ok(named.length > 20, 'too few names were looked at')
    assert.deepEqual(
      named.filter(file => !existsSync(join(ROOT, file))),
      [],
    )
  })

  it('given a package for others, then its pages link only what is packed with them', () => {
    for (const folder of ['runtime', 'msk-trigger', 'local-servers', 'create-sluice'].map(
      name => `packages/${name}`,
    )) {
      const { files } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))
      const packed = ['README.md', ...files]
      const pages = packed.filter(name => name.endsWith('.md'))
      const links = pages
        .flatMap(page => listLinks(join(folder, page)))
        .filter(link => !/^[a-z]+:/.test(link))
      const paths = links.map(link => link.split('#')[0]?.split('/')[0] ?? '').filter(path => path !== '')
      assert.deepEqual(
        paths.filter(path => !packed.includes(path)),
        [],
        folder,
      )
    }
  })

  // Promise docs/README.md#the-manual | Every page is listed.
  it('given the pages in docs, then docs/README.md links each', () => {
    const linked = listLinks('docs/README.md')
    const others = globSync('**/*.md', { cwd: join(ROOT, 'docs') }).filter(page => page !== 'README.md')
    assert.deepEqual(
      others.filter(page => !linked.includes(page)),
      [],
    )
  })
})
