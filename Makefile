# Commands of the project; `make` alone lists them. Everything happens in .venv, which is made on first use.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.SUFFIXES:
.PHONY: help run reset status logs trace console demo replay replay-gateway replay-year member check test bench bench-casetrace bench-grid chaos chaos-bugs protos pictures baseline locks screens venv venv-dev renew reconcile

# The newest suitable Python that really runs: a shim may be on the path without a Python behind it. One without venv
# and ensurepip comes last, and one out of range only when there is no other, for the sentence it then gets.
PYTHON ?= $(shell \
	whole='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; \
	right='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; \
	any='import sys; sys.exit(sys.version_info < (3, 6))'; \
	for test in "$$whole" "$$right" "$$any"; do \
		for each in .venv/bin/python python3.13 python3.12 python3.11 python3 python; do \
			$$each -c "$$test" >/dev/null 2>&1 && echo $$each && exit; \
		done; \
	done)
VENV := .venv/bin/python

help: ## This list 命令一览
	@printf '%s\n' 'make <command>   make <命令>' ''
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
		printf '  %-15s %s\n' "$$name" "$$text"; done
	@printf '%s\n' '' 'First: make run. Then, in a second window: make demo.   先运行 make run，再在另一窗口运行 make demo。'

run: venv ## Start everything on this machine; HOST=<address> for other devices 在本机启动全部；HOST=<地址> 供其他设备访问
	@$(VENV) -m deploy.local.run $(if $(HOST),--host '$(HOST)')

reset: venv ## Forget the state of `make run` 清除 make run 的数据
	@$(VENV) -m deploy.local.reset

renew: venv ## New root and TLS identities for the running parts, by rolling restart 轮换根证书与各部分 TLS 身份
	@$(VENV) -m deploy.local.renew

status: venv ## Parts, health, outbox, consumers, parked events 各部分状态、发件箱、消费位置、滞留事件
	@$(VENV) -m deploy.local.status

logs: venv ## Log lines; PART=<part> CASE=<case number> 日志；可按部分、办件号筛选
	@$(VENV) -m deploy.local.logs $(if $(PART),--part '$(PART)') $(if $(CASE),--case '$(CASE)')

trace: venv ## One case from end to end; CASE=<case number> 按办件号查看全程
	@$(VENV) -m observability.trace $(if $(CASE),--case '$(CASE)')

console: venv ## Link into the operators' console; OPERATOR=<login@department> 运维控制台登录链接
	@$(VENV) -m deploy.local.console $(if $(OPERATOR),'$(OPERATOR)')

demo: venv ## Play a case through all services; TYPE=<event code> REGION=<village> 演示一件办件贯穿全部服务
	@$(VENV) -m deploy.local.demo $(if $(TYPE),--type '$(TYPE)') $(if $(REGION),--region '$(REGION)')

# One after the other, whatever -j says: the figures stand at the end.
replay: ## Both that follow, one after the other; DATA=<folder> ROWS=<number> 依次执行以下两种回放
	@$(MAKE) --no-print-directory replay-gateway || { echo 'The year was not played: make replay-year plays it alone.   未回放全年；make replay-year 可单独执行。' >&2; exit 1; }
	@$(MAKE) --no-print-directory replay-year

replay-gateway: venv ## Real reports, beside make run; DATA= ROWS= RATE=<calls/s> RUN=<name> 通过网关回放真实投诉数据
	@$(VENV) -m deploy.local.replay $(if $(DATA),--data '$(DATA)') $(if $(RATE),--rate '$(RATE)') $(if $(ROWS),--rows '$(ROWS)') \
		$(if $(RUN),--run '$(RUN)')

replay-year: venv-dev ## A year in minutes, grid alone, figures recounted; DATA= ROWS= SEED= 网格服务一年回放（模拟时钟），指标复核
	@$(VENV) -m tests.replay.run $(if $(DATA),--data '$(DATA)') $(if $(ROWS),--rows '$(ROWS)') $(if $(SEED),--seed '$(SEED)')

member: venv ## Register a member system; NAME=<client id> SCOPES=<scope,scope> 登记成员系统
	@[ -n '$(NAME)' ] && [ -n '$(SCOPES)' ] || { echo 'make member NAME=my-app SCOPES=grid.incidents.file' >&2; exit 1; }
	@$(VENV) -m deploy.local.member $(if $(NAME),'$(NAME)') $(if $(SCOPES),--scopes '$(SCOPES)') \
		$(if $(REGION),--region '$(REGION)') $(if $(DEPARTMENTS),--departments '$(DEPARTMENTS)')

reconcile: venv ## After a restore; SERVICE=<name>, YES=1 to do what it says 恢复数据库后核对；YES=1 执行
	@$(VENV) -m deploy.local.reconcile $(if $(SERVICE),'$(SERVICE)') $(if $(YES),--yes)

check: venv-dev ## Style, types, layers, contract 检查代码与契约
	@$(VENV) .ci/check.py

test: venv-dev ## All tests; ONLY=<path> for some 运行全部测试；ONLY=<路径> 只跑一部分
	@$(VENV) -m pytest $(ONLY)

bench: venv-dev ## Measure, side by side; ONLY=<line,line> ROUNDS=<number> 性能对比测试；可选项目与轮数
	@$(VENV) -m tests.bench.run $(if $(ONLY),--only '$(ONLY)') $(if $(ROUNDS),--rounds '$(ROUNDS)')

bench-casetrace: venv-dev ## The case trace with a million cases; EGOV_BENCH_SIZE=<share> 办件追踪百万办件性能测试；可选规模
	@$(VENV) -m tests.bench.casetrace.run

bench-grid: venv-dev ## Grid's lists with a million incidents, and its timer with a million clocks; EGOV_BENCH_SIZE=<share> 网格事件百万条查询、百万时钟性能测试；可选规模
	@$(VENV) -m tests.bench.grid_reads
	@$(VENV) -m tests.bench.grid_due

chaos: venv-dev ## Kill and cut off parts under load; MINUTES=30 SEED=<number> 负载下随机故障，核对无丢失无重复
	@$(VENV) -m tests.chaos.run $(if $(MINUTES),--minutes '$(MINUTES)') $(if $(SEED),--seed '$(SEED)')

chaos-bugs: venv-dev ## See whether planted bugs are found; ONLY=<name,name> for some 植入缺陷，检验核对程序
	@$(VENV) -m tests.chaos.planted $(if $(ONLY),--only '$(ONLY)')

protos: venv-dev ## Rebuild stubs and descriptor set from the contract 由契约重新生成代码
	@$(VENV) protos/build.py

pictures: venv-dev ## Redraw chain.svg, events.md, incident-states.md, telemetry.md in docs/ from the code 重绘事件链图与一览
	@$(VENV) -m deploy.chain
	@$(VENV) -m deploy.incident_states
	@$(VENV) -m observability.registry_page

screens: venv-dev ## Pictures of the console into docs/screens, beside make run 控制台截图
	@$(VENV) -m tests.browser.screens

baseline: venv-dev ## Release the contract: later changes are compared with it 发布契约基线
	@$(VENV) protos/build.py
	@cp protos/gen/contract.binpb protos/baseline.binpb

locks: venv-dev ## Lock the newest versions that fit 重新锁定依赖版本
	@cd deploy/requirements && for name in runtime dev bench bench-nameko; do ../../$(VENV) -m uv pip compile --quiet --upgrade --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make locks' \
		$$name.in --output-file $$name.txt || exit; done

venv:
	@$(call bootstrap,)

venv-dev:
	@$(call bootstrap,--dev)

define bootstrap
python='$(PYTHON)'; if [ -z "$$python" ]; then \
	echo 'No Python was found: install Python 3.11 to 3.13.   未找到 Python：请安装 Python 3.11 至 3.13。' >&2; exit 1; \
fi; $$python deploy/local/bootstrap.py $(1)
endef
