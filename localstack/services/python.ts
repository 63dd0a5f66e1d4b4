import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { LOCAL, PROJECT } from '../../programs/paths.ts'
import type { ServiceName } from '../report.ts'
import { ensureInstalled, type InstallContext } from './install.ts'
import { requirePython } from './requirements.ts'
import { runTool } from './tool.ts'

/** Packages of the Python index, pinned with versions and hashes in a lock file. */
export interface PythonPackages {
  readonly service: ServiceName
  readonly title: string
  /** File name in `localstack/python/`, or an absolute path. */
  readonly lock: string
  readonly dir: string
  readonly probe: string
}

const UV = join(LOCAL, 'python', 'uv')

/** Installs the packages of a lock file into their own virtual environment, with uv. */
export async function ensurePythonPackages(packages: PythonPackages, context: InstallContext): Promise<void> {
  const lock = lockPath(packages.lock)
  const logFile = join(context.logsDir, `install-${packages.service}.log`)
  const options = { task: `Installing ${packages.title}`, logFile, signal: context.signal }
  const { service, title, dir, probe } = packages
  const fill = async (target: string) => {
    const python = await requirePython()
    const uv = await ensureUv(service, python, context)
    // Relocatable, because it is moved when it is complete.
    await runTool(uv('venv', '--allow-existing', '--relocatable', '--python', python, target), options)
    // The lock file lists everything that is needed; other declared dependencies are omitted.
    const exact = ['--require-hashes', '--no-deps', '--requirement', lock]
    await runTool(uv('pip', 'install', '--python', join(target, 'bin', 'python'), ...exact), options)
  }
  await ensureInstalled({ service, title, dir, probe, wanted: await hashOf(lock), fill }, context)
}

/** Installs uv with the pip of a virtual environment. */
async function ensureUv(service: ServiceName, python: string, context: InstallContext) {
  const lock = lockPath('uv.txt')
  const logFile = join(context.logsDir, `install-${service}.log`)
  const options = { task: 'Installing uv', logFile, signal: context.signal }
  const fill = async (target: string) => {
    const venv = 'Creating a virtual environment (on Debian and Ubuntu this needs the package python3-venv)'
    const env = process.env
    await runTool({ command: python, args: ['-m', 'venv', target], env }, { ...options, task: venv })
    const install = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--require-hashes',
      '--only-binary',
      ':all:',
      '-r',
      lock,
    ]
    await runTool({ command: join(target, 'bin', 'python'), args: install, env }, options)
  }
  const probe = join('bin', 'uv')
  await ensureInstalled({ service, title: 'uv', dir: UV, probe, wanted: await hashOf(lock), fill }, context)
  const command = join(UV, probe)
  // Use the Python that was found; uv must not download another.
  const env = { ...process.env, UV_PYTHON_DOWNLOADS: 'never', UV_NO_PROGRESS: '1' }
  return (...args: string[]) => ({ command, args: ['--no-config', ...args], env })
}

function lockPath(name: string): string {
  return resolve(PROJECT, 'localstack', 'python', name)
}

async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}
