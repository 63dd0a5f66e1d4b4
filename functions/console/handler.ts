/** Serves the console, a page for people, over an HTTP API. */
import { httpApiConsole } from '../../console/http-api.ts'

export const handler = httpApiConsole()
