/** Browser sign-in, with the printed URL or with a token on the sign-in page. */
import { type Context, Hono } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import type { ConsoleHono } from '../http/person.ts'
import type { Access } from './access.ts'
import type { FailedSignIns } from './failed-sign-ins.ts'
import { readSessionCookie } from './guard.ts'
import { SESSION_MS } from './sessions.ts'

const NOT_KEPT = { 'cache-control': 'no-store' }
const COOKIE_OPTIONS = { httpOnly: true, sameSite: 'Strict', path: '/' } as const

const WHERE_TOKENS_ARE = 'Open the URL that npm start or sluice console printed, or paste its token here.'
const WRONG = 'This token is invalid or has been revoked.'

/** Returns the routes of the sign-in page. @param styleAt path of the console's style sheet */
export function createSignInRoutes(
  access: Access,
  failed: FailedSignIns,
  styleAt: string,
): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  routes.post('/sign-in', async context => {
    const { token, to } = await context.req.parseBody()
    const trimmedToken = typeof token === 'string' ? token.trim() : ''
    const back = toLocalPath(typeof to === 'string' ? to : '/')
    if (!access.isToken(trimmedToken)) {
      await failed.add(context)
      return renderSignInPage(context, { styleAt, to: back, problem: WRONG })
    }
    beginSession(context, access)
    return context.redirect(back, 303)
  })
  routes.post('/sign-out', context => {
    access.sessions.end(readSessionCookie(context, access))
    deleteCookie(context, access.cookieName, COOKIE_OPTIONS)
    return context.redirect('/', 303)
  })
  return routes
}

/**
 * Checks access to a page. For a valid token in the URL, a session is started, and the response redirects to the URL without the
 * token. Without a session, the response is the sign-in page with status 401.
 *
 * @param isSignedIn true if the session cookie is valid
 * @param styleAt path of the console's style sheet
 * @returns undefined if the page may be served
 */
export async function checkAdmission(
  context: Context<ConsoleHono>,
  access: Access,
  {
    isSignedIn,
    failed,
    styleAt,
  }: { readonly isSignedIn: boolean; readonly failed: FailedSignIns; readonly styleAt: string },
): Promise<Response | undefined> {
  const url = new URL(context.req.url)
  const token = url.searchParams.get('token')
  if (isSignedIn && token === null) return undefined
  url.searchParams.delete('token')
  const to = toLocalPath(`${url.pathname}${url.search}`)
  if (token !== null && access.isToken(token)) {
    beginSession(context, access)
    return context.redirect(to)
  }
  if (token !== null) await failed.add(context)
  if (isSignedIn) return context.redirect(to)
  const signInHost = access.findSignInHost(url.hostname)
  if (token === null && url.hostname !== signInHost) {
    url.hostname = signInHost
    return context.redirect(url.href)
  }
  // Browsers omit the `SameSite=Strict` cookie when a user follows a link from another site. Reload the page to send it.
  if (isFromElsewhere(context)) return context.html(renderReload(to), 200, NOT_KEPT)
  return renderSignInPage(context, { styleAt, to, ...(token === null ? {} : { problem: WRONG }) })
}

/**
 * Returns a path on this host for any input. Leading slashes are reduced to one, because browsers interpret `//name` as another
 * host.
 */
function toLocalPath(path: string): string {
  return `/${path.replace(/^[/\\]+/, '')}`
}

function beginSession(context: Context, { cookieName, sessions }: Access): void {
  setCookie(context, cookieName, sessions.begin(), { ...COOKIE_OPTIONS, maxAge: SESSION_MS / 1000 })
}

function isFromElsewhere(context: Context): boolean {
  return ['cross-site', 'same-site'].includes(context.req.header('sec-fetch-site') ?? '')
}

function renderReload(to: string) {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sluice</title>
<meta http-equiv="refresh" content="0; url=${to}"></head>
<body><p><a href="${to}">To the console</a></p></body></html>`
}

interface SignInPage {
  readonly styleAt: string
  /** Path to open after the sign-in. */
  readonly to: string
  readonly problem?: string
}

function renderSignInPage(context: Context, { styleAt, to, problem }: SignInPage) {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in · Sluice</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${styleAt}">
</head>
<body>
<main class="sign-in">
<h1>Sluice</h1>
<p id="where">${WHERE_TOKENS_ARE}</p>
${problem ? html`<p class="problem" role="alert">${problem}</p>` : ''}
<form method="post" action="/sign-in">
<input type="hidden" name="to" value="${to}">
<label>Token
<input type="password" name="token" required autocomplete="current-password" autofocus aria-describedby="where">
</label>
<button type="submit">Sign in</button>
</form>
</main>
</body>
</html>
`
  return context.html(page, 401, NOT_KEPT)
}
