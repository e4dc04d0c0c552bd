import type { Page } from "playwright-core";
import { expect } from "vitest";

/** What a person sees of the feed, found as a screen reader finds it: by role, label and text. */
export class FeedPage {
  readonly page: Page;
  readonly posts: ReturnType<Page["getByRole"]>;

  constructor(page: Page) {
    this.page = page;
    this.posts = page.getByRole("list", { name: "Your posts, newest first" }).getByRole("listitem");
  }

  async register(who: { name: string; email: string; password: string }): Promise<void> {
    await this.page.getByRole("button", { name: "Create an account" }).click();
    await this.page.getByLabel("Name").fill(who.name);
    await this.page.getByLabel("Email").fill(who.email);
    await this.page.getByLabel("Password").fill(who.password);
    await this.page.getByRole("button", { name: "Create an account" }).click();
    await this.sees(who.name);
  }

  async signIn(who: { email: string; password: string }): Promise<void> {
    await this.page.getByLabel("Email").fill(who.email);
    await this.page.getByLabel("Password").fill(who.password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  async signOut(): Promise<void> {
    await this.page.getByRole("button", { name: "Sign out" }).click();
    await this.asksToSignIn();
  }

  async write(text: string): Promise<void> {
    await this.page.getByLabel("What is new?").fill(text);
    await this.page.getByRole("button", { name: "Post" }).click();
    await this.posts.first().getByText(text, { exact: true }).waitFor();
  }

  async sees(text: string): Promise<void> {
    await this.page.getByText(text, { exact: true }).waitFor();
  }

  async asksToSignIn(): Promise<void> {
    await this.page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await this.page.locator("li").count()).toBe(0); // nothing is left, not even hidden, for whoever comes next
  }

  /** The texts of the posts, newest first, once there are as many as that. */
  async texts(count: number): Promise<string[]> {
    if (count > 0) await this.posts.nth(count - 1).waitFor();
    else await this.sees("Nothing here yet. The first post is yours.");
    return this.posts.locator("p").allTextContents();
  }
}
