/** Builds the console's page: in memory, in a tenth of a second, so that no separate build is necessary. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type PageFiles, pageFiles } from '../console/page-files.ts'
import { endingEsbuild } from './esbuild-process.ts'

const MAIN = fileURLToPath(new URL('../console/page/main.tsx', import.meta.url))

/** The page, as `pageFiles` takes it. */
export interface BuiltPage {
  readonly script: string
  readonly style: string
}

/** @throws what esbuild says, if the page does not build */
export async function consolePage(): Promise<PageFiles> {
  return pageFiles(await endingEsbuild(builtPage))
}

/** @throws what esbuild says, if the page does not build */
export async function builtPage(): Promise<BuiltPage> {
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
    logLevel: 'silent',
    write: false,
  })
  const textOf = (extension: string) => outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? ''
  return { script: textOf('.js'), style: textOf('.css') }
}
