/** Files of the page: an HTML document, and assets whose names contain a hash of their content. */
import { createHash } from 'node:crypto'

interface PageFile {
  readonly type: string
  readonly text: string
}

export interface PageFiles {
  readonly html: string
  /** Path of the style sheet. */
  readonly styleAt: string
  /** Returns an asset, undefined if it does not exist. */
  asset(name: string): PageFile | undefined
}

/** File with the built page beside the bundles of an image. */
export const BUILT_PAGE = 'console-page.json'

/** Returns the files of the page. @param script ES module of the page @param style style sheet of the page */
export function buildPageFiles({
  script,
  style,
}: {
  readonly script: string
  readonly style: string
}): PageFiles {
  const files = new Map<string, PageFile>()
  const add = (extension: string, type: string, text: string) => {
    const name = `console-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.${extension}`
    files.set(name, { type, text })
    return `/assets/${name}`
  }
  const scriptAt = add('js', 'text/javascript; charset=utf-8', script)
  const styleAt = add('css', 'text/css; charset=utf-8', style)
  return { html: renderDocument(scriptAt, styleAt), styleAt, asset: name => files.get(name) }
}

function renderDocument(script: string, style: string): string {
  // A translator replaces the texts of the page, and figures would then not change any more.
  return `<!doctype html>
<html lang="en" translate="no">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sluice</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body><div id="console"></div><noscript>The console needs JavaScript.</noscript></body>
</html>
`
}
