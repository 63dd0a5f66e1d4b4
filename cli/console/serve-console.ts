/** Serves the console until the command is stopped. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createLocalAccess, createMetricsAccess } from '../../console/access/access.ts'
import { createConsoleApp } from '../../console/app.ts'
import { createConsoleEnvironment } from '../../console/environment.ts'
import type { Role } from '../../console/http/person.ts'
import { BUILT_PAGE, buildPageFiles, type PageFiles } from '../../console/page-files.ts'
import { redirectRoot, serveConsole, toUnusablePort } from '../../console/serve.ts'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { LOCAL_PORTS, readSettings } from '../../lib/app/settings/index.ts'
import { errorLine } from '../../lib/support/escape-text.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { CliFailure } from '../failure.ts'
import { resolveOperator } from '../operator.ts'
import { readToken, resolveToken, type ServerOptions } from '../own-server.ts'
import { requireEnvironment } from '../servers/environment.ts'
import { resolveConfig } from '../servers/settings.ts'
import type { Terminal } from '../terminal.ts'

interface ConsoleOptions extends ServerOptions {
  readonly env?: string
  readonly port?: number
  readonly kafkaUiPort?: number
  readonly metricsTokenFile?: string
  readonly role: Role
}

/**
 * Serves the console.
 *
 * @throws CliFailure if the port cannot be used
 */
export async function showConsole(options: ConsoleOptions, terminal: Terminal): Promise<void> {
  const config = resolveConfig(terminal, options.env)
  const { consolePort } = readSettings([LOCAL_PORTS], terminal.environment)
  const environment = createConsoleEnvironment({ config, functions: readFunctions() })
  const { token, isGiven } = await resolveToken(options.tokenFile, terminal)
  const app = createConsoleApp({
    environment,
    page: await loadPage(terminal.environment.SLUICE_BUNDLES),
    access: createLocalAccess(
      token,
      { name: await resolveOperator(config), role: options.role },
      options.ownHost,
      createMetricsAccess(
        options.host,
        await readToken('SLUICE_METRICS_TOKEN', options.metricsTokenFile, terminal),
      ),
    ),
    reportError: error => terminal.stderr.write(errorLine(error)),
    reportFailedSignIn: ({ route }) =>
      terminal.stderr.write(`A sign-in failed, because its token was wrong (${route}).\n`),
  })
  const served: Awaited<ReturnType<typeof serveConsole>>[] = []
  const listen = async (what: typeof app, port: number) =>
    served.push(await serveConsole(what, port, options.host).catch(throwServeFailure))
  try {
    if (options.env !== undefined) await requireEnvironment(environment)
    await listen(app, options.port ?? consolePort)
    if (options.kafkaUiPort !== undefined) await listen(redirectRoot('/kafka', app), options.kafkaUiPort)
    for (const [index, { port }] of served.entries())
      terminal.stdout.write(
        `http://127.0.0.1:${options.publishedPorts?.[index] ?? port}/${isGiven ? '' : `?token=${token}`}\n`,
      )
    if (!terminal.stop.aborted) await once(terminal.stop, 'abort')
    // A server ends when it is stopped, so the exit status is 0.
    terminal.stop.throwIfAborted()
  } finally {
    for (const server of served) await server.close()
    await environment.close()
  }
}

/** Returns the page that an image has. Elsewhere, it is built. */
async function loadPage(folder: string | undefined): Promise<PageFiles> {
  if (folder) return buildPageFiles(JSON.parse(await readFile(resolve(PROJECT, folder, BUILT_PAGE), 'utf8')))
  const { buildConsolePage } = await import('../../infra/packaging/console-page.ts')
  return buildConsolePage()
}

function throwServeFailure(error: unknown): never {
  const unusable = toUnusablePort(error)
  if (!unusable) throw error
  const hint = unusable.isInUse ? ': `npm start` may serve a console there' : ''
  throw new CliFailure(`${unusable.message}${hint}. Use another port, such as --port 8060`)
}
