// Plain JavaScript without dependencies, because the first step of every command uses it.

/** Options with secrets, and the environment variables that replace them. */
const SECRETS = { '--event-hubs-conn-str': 'EVENT_HUBS_CONN_STR' }

/**
 * Hides secrets in the command line, because all users of a machine can see the arguments of its processes. Secrets are moved to
 * environment variables, which only the owner of the process can see. The arguments then contain the names of the variables, and
 * the visible arguments of this process are overwritten.
 *
 * @param args arguments of a command
 * @param environment environment to which the variables are added
 * @returns the arguments without secrets
 */
export function hideSecrets(args, environment = process.env) {
  const shown = []
  let pending
  for (const arg of args) {
    const [name, ...rest] = arg.split('=')
    if (pending !== undefined) shown.push(moved(pending, arg, environment))
    else if (rest.length > 0 && Object.hasOwn(SECRETS, name))
      shown.push(`${name}=${moved(name, rest.join('='), environment)}`)
    else shown.push(arg)
    pending = pending === undefined && Object.hasOwn(SECRETS, arg) ? arg : undefined
  }
  // Overwrite the arguments that Linux and macOS show for the process.
  if (shown.some((arg, index) => arg !== args[index])) process.title = 'sluice'
  return shown
}

/** Returns a reference to the variable with the secret. A value that already refers to a variable is returned unchanged. */
function moved(option, value, environment) {
  if (value.startsWith('$')) return value
  environment[SECRETS[option]] = value
  return `$${SECRETS[option]}`
}
