/** Serves the console over an HTTP API. */
import { httpApiConsole } from '../../console/http-api.ts'

export const handler = httpApiConsole()
