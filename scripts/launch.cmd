@echo off
rem Starts a script of this folder without JBang: java runs the jar that JBang built, with an archive of the classes that the script loads.
rem The launchers call it; TELEMETRY_SCRIPT names the script, TELEMETRY_LAUNCHER how the launcher was called. Each start checks whether a
rem source, a jar or the JDK has changed. If one has, JBang builds the script again first. If it cannot, jbangw runs the script.
setlocal EnableExtensions DisableDelayedExpansion

for %%F in ("%~dp0..") do set "CHECKOUT=%%~fF"
set "JAVA=%JAVA_HOME%\bin\java.exe"
if not exist "%JAVA_HOME%\bin\javac.exe" for %%J in (java.exe) do set "JAVA=%%~$PATH:J"
set "KEY=%CHECKOUT%-%JAVA%"
set "KEY=%KEY:\=-%"
set "FOLDER=%LOCALAPPDATA%\telemetry-toolkit\launch\%KEY::=%"
set "START=%FOLDER%\%TELEMETRY_SCRIPT%"
set "SOURCES=%START%.sources"
set "BUILT="
set "CALLED=-Dtelemetry.launcher=%TELEMETRY_LAUNCHER%"
if not defined TELEMETRY_LAUNCHER set "CALLED=-Dtelemetry.called=launch"
set "TELEMETRY_LAUNCHER="

:look
set "PROGRAM="
set "CHANGED="
if not exist "%START%" goto :build
for /f "tokens=2,*" %%A in ('findstr /b /c:"# " "%START%"') do (
  if %%A==java set "PROGRAM=%%B"
  if %%A==uses if not exist "%%B" set "CHANGED=yes"
)
rem With /d and /l xcopy lists the files that are newer than their copies, which were made before JBang built the script.
for /f "delims=" %%L in ('xcopy /d /l /s /y "%CHECKOUT%\lib" "%SOURCES%\lib\" ^| findstr /c:".java"') do set "CHANGED=yes"
for /f "delims=" %%L in ('xcopy /d /l /y "%CHECKOUT%\scripts\%TELEMETRY_SCRIPT%.java" "%SOURCES%\scripts\" ^| findstr /c:".java"') do set "CHANGED=yes"
if defined CHANGED goto :build
if not exist "%PROGRAM%" goto :build
"%PROGRAM%" "%CALLED%" "@%START%" %TELEMETRY_SCRIPT% %*
exit /b %ERRORLEVEL%

:build
if defined BUILT goto :jbang
set "BUILT=yes"
mkdir "%FOLDER%" 2>nul
rmdir /s /q "%SOURCES%" 2>nul
xcopy /i /q /s /y "%CHECKOUT%\lib" "%SOURCES%\lib\" >nul 2>nul || goto :jbang
xcopy /i /q /y "%CHECKOUT%\scripts\%TELEMETRY_SCRIPT%.java" "%SOURCES%\scripts\" >nul 2>nul || goto :jbang
echo began >"%START%.began" || goto :jbang
call "%~dp0jbangw.cmd" run --catalog "%CHECKOUT%\jbang-catalog.json" --main telemetry.cli.QuickStart "-Dtelemetry.checkout=%CHECKOUT%" ^
  %TELEMETRY_SCRIPT% %TELEMETRY_SCRIPT% "%CHECKOUT%" "%START%" "%START%.began" "%JAVA%" <nul >&2 && goto :look

:jbang
call "%~dp0jbangw.cmd" %TELEMETRY_SCRIPT% %*
exit /b %ERRORLEVEL%
