/* Browsers start no worker from file:// addresses. There, a hidden frame runs the script instead, so that search works
 * in a site that was opened from a folder. Served over HTTP, workers are left as they are. */
if (location.protocol === "file:") {
  const deliver = (target, data) => setTimeout(() => target.dispatchEvent(new MessageEvent("message", { data })));

  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      this.waiting = [];
      this.addEventListener("message", (message) => this.onmessage && this.onmessage(message));
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => deliver(this, data);
      const script = inside.document.createElement("script");
      script.src = new URL(address, location.href).href;
      script.onload = () => {
        this.waiting.forEach((data) => deliver(inside, data));
        this.waiting = null;
      };
      script.onerror = () => this.onerror && this.onerror(new Event("error"));
      inside.document.body.append(script);
    }

    postMessage(data) {
      this.waiting ? this.waiting.push(data) : deliver(this.frame.contentWindow, data);
    }

    terminate() {
      this.frame.remove();
    }
  };
}
