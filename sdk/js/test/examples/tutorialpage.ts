import type { BrowserContext, Page } from "playwright-core";

/** The page of the tutorial's app, which looks the same in every step. */
export class TutorialPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async register(who: { email: string; username: string; fullName: string; password: string }): Promise<void> {
    const form = this.page.locator("#register");
    await form.getByLabel("Email").fill(who.email);
    await form.getByLabel("Username").fill(who.username);
    await form.getByLabel("Full name").fill(who.fullName);
    await form.getByLabel("Password").fill(who.password);
    await form.getByRole("button").click();
    await this.page.getByLabel("New post").waitFor();
  }

  async signIn(who: { email: string; password: string }): Promise<void> {
    const form = this.page.locator("#login");
    await form.getByLabel("Email").fill(who.email);
    await form.getByLabel("Password").fill(who.password);
    await form.getByRole("button").click();
  }

  async signOut(): Promise<void> {
    await this.page.getByRole("button", { name: "Sign out" }).click();
    await this.asksToSignIn();
  }

  async asksToSignIn(): Promise<void> {
    await this.page.getByRole("heading", { name: "Register" }).waitFor();
  }

  async write(text: string): Promise<void> {
    await this.page.getByLabel("New post").fill(text);
    await this.page.getByRole("button", { name: "Post" }).click();
    await this.shows(text);
  }

  async shows(text: string): Promise<void> {
    await this.page.getByRole("listitem").getByText(text, { exact: true }).waitFor();
  }
}

/** openPage opens the app in a new tab. */
export async function openPage(context: BrowserContext, url: string): Promise<TutorialPage> {
  const page = await context.newPage();
  await page.goto(url);
  return new TutorialPage(page);
}
