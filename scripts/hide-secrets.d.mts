export function hideSecrets(args: readonly string[], environment?: NodeJS.ProcessEnv): string[]
