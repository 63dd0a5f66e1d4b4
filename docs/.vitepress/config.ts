/** The manual as a site: `npm run docs`. Pages are those of the project's folders, the sidebar is the index in docs/README.md. */
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { defineConfig } from 'vitepress'

const PROJECT = join(import.meta.dirname, '../..')
const INDEX = 'docs/README.md'

interface Item {
  readonly text: string
  readonly link: string
}

/** The groups of the index, each with its links in order. */
function sidebar(): { text: string; collapsed: boolean; items: Item[] }[] {
  const [, ...groups] = readFileSync(join(PROJECT, INDEX), 'utf8').split(/^## /m)
  return groups.map(group => {
    const links = [...group.matchAll(/\[([^\]]+)\]\(([^)#]+\.md)\)/g)]
    const items = links.map(([, text = '', target = '']) => ({
      text: text.replaceAll('`', ''),
      link: addressOf(posix.join(posix.dirname(INDEX), target)),
    }))
    return { text: group.split('\n')[0] ?? '', collapsed: false, items }
  })
}

/** A README is the page of its folder. */
const rewritten = (page: string) => page.replace(/README\.md$/, 'index.md')

const addressOf = (page: string) => `/${rewritten(page).replace(/(index)?\.md$/, '')}`

/** An anchor as GitHub derives it from a heading, so that links work in both places. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')

/** Links to source files have no target in the site, so their text stays without a link. */
const leadsToSource = (href: string) => !/^(?:[a-z]+:|#)/.test(href) && !/\.md(?:#.*)?$/.test(href)

export default defineConfig({
  title: 'Sluice',
  description:
    'Stateful stream processing on AWS Lambda: telemetry in Kafka becomes alerts, statistics and dead letters.',
  srcDir: '../',
  srcExclude: ['**/node_modules/**', '**/.*/**', '**/test/**'],
  rewrites: rewritten,
  lastUpdated: false,
  // Text such as <name> is text, not an element of Vue.
  markdown: {
    html: false,
    anchor: { slugify: anchorOf },
    config(markdown) {
      const { escapeHtml } = markdown.utils
      // Braces in a text or in code are no expression of Vue.
      const escaped = (text: string) => escapeHtml(text).replaceAll('{', '&#123;')
      markdown.renderer.rules.text = (tokens, at) => escaped(tokens[at]?.content ?? '')
      markdown.renderer.rules.code_inline = (tokens, at) =>
        `<code>${escaped(tokens[at]?.content ?? '')}</code>`
      markdown.core.ruler.after('normalize', 'comments', state => {
        state.src = state.src.replaceAll(/^<!--.*?-->$/gms, '')
      })
      markdown.core.ruler.push('links-to-source', state => {
        for (const { children } of state.tokens)
          for (const [at, token] of (children ?? []).entries()) {
            if (token.type !== 'link_open' || !leadsToSource(token.attrGet('href') ?? '')) continue
            const close = children?.slice(at).find(({ type }) => type === 'link_close')
            token.hidden = true
            token.type = 'text'
            token.tag = ''
            if (close) Object.assign(close, { type: 'text', tag: '', content: '' })
          }
      })
    },
  },
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  themeConfig: {
    search: { provider: 'local' },
    sidebar: sidebar(),
    outline: [2, 3],
  },
})
