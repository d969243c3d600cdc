/** The page of the web app that uses up the token. */
export function signInLink(webUrl: string, token: string): string {
  return `${webUrl}/sign-in?token=${encodeURIComponent(token)}`
}
