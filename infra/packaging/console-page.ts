/** Builds the console's page in memory. This takes a tenth of a second, so no separate build step is needed. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildPageFiles, type PageFiles } from '../../console/page-files.ts'
import { runBuilds } from './bundle-builder.ts'

const MAIN = fileURLToPath(new URL('../../console/page/main.tsx', import.meta.url))

/** Build result, in the form that `buildPageFiles` requires. */
export interface BuiltPage {
  readonly script: string
  readonly style: string
}

/** Builds the page's files, and then stops the esbuild process. @throws BuildFailure of esbuild */
export async function buildConsolePage(): Promise<PageFiles> {
  return buildPageFiles(await runBuilds(bundlePage))
}

/** Replaces a language that `Intl` refuses, such as `en-US@posix`: uPlot formats numbers in the browser's language. */
const VALID_LANGUAGE = `try { new Intl.NumberFormat(navigator.language) }
catch { Object.defineProperty(navigator, 'language', { value: 'en-US' }) }`

/** Builds the page's script and style sheet. @throws BuildFailure of esbuild */
export async function bundlePage(): Promise<BuiltPage> {
  const { outputFiles } = await build({
    entryPoints: [MAIN],
    outdir: 'console',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    banner: { js: VALID_LANGUAGE },
    logLevel: 'silent',
    write: false,
  })
  const getText = (extension: string) => outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? ''
  return { script: getText('.js'), style: getText('.css') }
}
