#!/usr/bin/env node
/** Command of the package: `npm create sluice NAME`. It also runs on an old Node.js, to report that it is too old. */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { describeMissingProgram } from '../local-servers/requirements.ts'
import { UserError } from '../local-servers/user-error.ts'

const USAGE = `Usage: npm create sluice NAME

Creates a project in the new folder NAME: a stateful consumer of a Kafka topic, its test, and the commands to run it.`
const OLDEST_NODE = 24
/** Name of the example project, which is replaced in its files. */
const EXAMPLE = /thermometer/g
const TEMPLATE = fileURLToPath(new URL('template', import.meta.url))

try {
  const [name, ...more] = process.argv.slice(2)
  if (name === '--help') console.log(USAGE)
  else if (name === undefined || more.length > 0 || name.startsWith('-')) throw new UserError(USAGE)
  else await createProject(resolve(name))
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(error.message)
  process.exitCode = 1
}

async function createProject(folder: string): Promise<void> {
  requireNode(process.versions.node)
  requireName(basename(folder))
  requireEmpty(folder)
  const missing = await describeMissingProgram(process.env)
  if (missing !== undefined) throw new UserError(`${missing}\nNothing was created.`)
  writeProject(folder)
  console.log(`Created ${folder}. Next:

  cd ${relative(process.cwd(), folder) || '.'}
  npm install
  npm test
  npm start`)
}

function requireNode(version: string): void {
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return
  throw new UserError(
    `Node.js ${OLDEST_NODE} or newer is needed; this is ${version} (${process.execPath}). Install a newer one: https://nodejs.org`,
  )
}

/** The name is also the name of the service and the prefix of its topics. */
function requireName(name: string): void {
  if (/^[a-z][a-z0-9-]{0,39}$/.test(name)) return
  throw new UserError(
    `"${name}" cannot be the name of a project. Use 1 to 40 lower-case letters, digits and "-", a letter first.`,
  )
}

function requireEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new UserError(`${folder} exists and is not empty. Choose another name, or remove it.`)
}

/** Writes all files under another name first, so that an interrupted run leaves no incomplete project. */
function writeProject(folder: string): void {
  const incomplete = join(dirname(folder), `.${basename(folder)}.incomplete`)
  try {
    rmSync(incomplete, { recursive: true, force: true })
    cpSync(TEMPLATE, incomplete, { recursive: true })
    // npm leaves out a file with the final name.
    renameSync(join(incomplete, 'gitignore'), join(incomplete, '.gitignore'))
    for (const file of readdirSync(incomplete, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(ts|json|yml|md)$/.test(file)) continue
      const path = join(incomplete, file)
      writeFileSync(path, readFileSync(path, 'utf8').replace(EXAMPLE, basename(folder)))
    }
    renameSync(incomplete, folder)
  } finally {
    rmSync(incomplete, { recursive: true, force: true })
  }
}
