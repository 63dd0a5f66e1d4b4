import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Project } from './project.ts'

/** Code that only runs if it was built: the bundler puts a text in the place of `BUILT`. */
const SOURCES = {
  'src/handler.ts': `
import { appendFileSync } from 'node:fs'
import { textOf } from './records'

export async function f(event: { records: Record<string, { value: string }[]> }) {
  const values = Object.values(event.records).flat().map(textOf)
  appendFileSync(process.env.SEEN ?? '', values.map(value => BUILT + value + '\\n').join(''))
}
`,
  'src/records.ts': `
declare global { const BUILT: string }
export const textOf = ({ value }: { value: string }) => Buffer.from(value, 'base64').toString()
`,
}

const BUILD = { bundle: true, format: 'esm', define: { BUILT: '"built "' } }

/** Builds as serverless-webpack does: while the run starts, with the folder of the bundle named at the very end. */
const LATE_BUNDLER = `
import { build } from 'esbuild'

export default class {
  constructor(serverless) {
    const start = async () => {
      await build({
        ...${JSON.stringify(BUILD)}, entryPoints: ['src/handler.ts'], outdir: '.webpack/service/src', platform: 'node',
      })
      const custom = serverless.service.custom
      custom['serverless-offline'] = { ...custom['serverless-offline'], location: '.webpack/service' }
    }
    this.hooks = { 'before:offline:start': start, 'before:offline:start:init': start }
  }
}
`

/** serverless-esbuild of the tests' tools. The framework takes names and relative paths only. */
const ESBUILD = `module.exports = require(${JSON.stringify(createRequire(import.meta.url).resolve('serverless-esbuild'))})`

/** The plugins, by short names. */
const PLUGINS = {
  trigger: './msk-trigger/index.ts',
  esbuild: './esbuild.cjs',
  webpack: './late-bundler.js',
  offline: 'serverless-offline',
} as const

/** A project in TypeScript that needs a bundler, with the plugins in this order. Its function `f` reads the topic. */
export async function builtProject(
  topic: string,
  order: readonly (keyof typeof PLUGINS)[],
): Promise<Project> {
  const project = await Project.ofTopic(topic, '')
  const file = project.file('serverless.yml')
  const config = JSON.parse(await readFile(file, 'utf8'))
  config.plugins = order.map(name => PLUGINS[name])
  config.custom.esbuild = { ...BUILD, watch: { pattern: ['src/**'] } }
  config.functions.f.handler = 'src/handler.f'
  config.functions.f.environment = { SEEN: project.file('seen') }
  await mkdir(project.file('src'))
  await Promise.all([
    writeFile(file, JSON.stringify(config)),
    writeFile(project.file('late-bundler.js'), LATE_BUNDLER),
    writeFile(project.file('esbuild.cjs'), ESBUILD),
    ...Object.entries(SOURCES).map(([name, source]) => writeFile(project.file(name), source)),
  ])
  return project
}
